"""Values -> table, wide, json, yaml; escaping; progress. Nothing here asks a cluster or decides anything."""

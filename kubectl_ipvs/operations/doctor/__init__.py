"""What `doctor` asks a cluster: reads only, and a question without an answer is one of its answers."""

"""What kubectl alone asks an API server for."""

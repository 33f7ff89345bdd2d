"""What people and the worker do with the desk: one verb a module, one transaction a use case."""

"""DataGate: decides whether the data may go on, and explains why not, with rows and numbers."""

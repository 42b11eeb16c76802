"""DataGate: decides whether the data may go on, and says why not, with rows and numbers."""

"""What the data is: one folder a task, each with its feature table and its curated schema."""

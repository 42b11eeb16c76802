"""What the data is: one folder per task, each with its feature table and its curated schema."""

"""Judge the candidate by the configured gates: a blessing, and a reason for every gate."""

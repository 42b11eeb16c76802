"""StatisticsGen: TFDV's statistics of each split, row group by row group."""

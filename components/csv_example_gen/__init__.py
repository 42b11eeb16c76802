"""CsvExampleGen: CSV files, checked against the feature table, to splits of ``tf.Example``."""

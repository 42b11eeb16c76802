"""How rows are kept between components: Parquet files in the layout that TFX reads."""

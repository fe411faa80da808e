"""What the pages show, read from the query store: typed values, the same for the pages and the JSON behind them."""

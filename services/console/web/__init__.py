"""The console's routes: pages, the JSON behind them, live updates, decisions, pictures and sign-in."""

"""The app that Zeebe Fleet runs: `processes` has the models, `tasks` the code."""

"""Who we talk to, one module per system."""

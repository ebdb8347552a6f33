"""`fleet lint`: what is wrong with process packages, for people, pipelines and code hosts."""

"""Lets an embedded engine without a search API say which incidents are open."""

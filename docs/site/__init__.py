"""Makes a site of the documents: MkDocs with the Material theme, and nothing that is loaded from elsewhere."""

"""What people see: the GraphQL API and the inbox."""

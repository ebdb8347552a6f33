"""The words everybody shares: records, outcomes, errors, ports."""

"""Scenarios of a process: what is done to it and what is expected, in JSON; read, checked, and their coverage counted.

Source: Camunda Process Test, JSON test cases, https://docs.camunda.io/docs/apis-tools/testing/json-test-cases/
"""

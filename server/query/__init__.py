"""Strangers' SPARQL, evaluated in processes that can be killed and cannot reach a network."""

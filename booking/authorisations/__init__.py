"""Authorisations: who may use the spaces of a resource group, given by whom, and until when."""

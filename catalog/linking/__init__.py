"""From what a depositor wrote of a sample to a material of the shipped list, with the evidence for it."""

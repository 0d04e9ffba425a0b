"""Benchmarks: ratios against a peer in the same run, because single times mean little on a noisy machine."""

"""The servers of xafscat: the public catalog and the query workers behind its SPARQL endpoint."""

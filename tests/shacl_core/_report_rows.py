"""The results of a SHACL report as rows that can be compared, whoever made it."""

from __future__ import annotations

from collections import Counter
from typing import Any

Row = tuple[str, ...]


def rows(report: Any) -> Counter[Row]:
    """The results of a report graph as comparable rows."""
    import rdflib
    from rdflib.collection import Collection

    def shown(node: Any) -> str:
        if isinstance(node, rdflib.BNode):
            if (node, rdflib.RDF.first, None) in report:
                return "( " + " ".join(shown(each) for each in Collection(report, node)) + " )"
            parts = [
                f"{predicate.n3()} {shown(value)}" for predicate, value in report.predicate_objects(node)
            ]
            return f"[ {' ; '.join(sorted(parts))} ]"
        if isinstance(node, rdflib.Literal):
            return f"{str(node)!r}@{node.language or ''}^^{node.datatype or rdflib.XSD.string}"
        return "" if node is None else str(node.n3())

    names = ("focusNode", "resultPath", "value", "sourceShape", "sourceConstraintComponent", "resultSeverity")
    return Counter(
        tuple(shown(report.value(result, rdflib.SH[name])) for name in names)
        for result in report.objects(None, rdflib.SH.result)
    )

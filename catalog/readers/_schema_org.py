"""Records in schema.org JSON-LD, of which only the names are read: contexts are never fetched."""

from __future__ import annotations

import re

from catalog.readers._foreign import Stated, Tree
from catalog.readers._repository import Creator, Grant, Record

_PREFIXES = ("https://schema.org/", "http://schema.org/", "schema:", "prov:", "http://www.w3.org/ns/prov#")


class Linked:
    """The nodes of a JSON-LD document by their ``@id``, and their values by schema.org name."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.nodes: dict[str, Tree] = {}
        for node in tree.groups("@graph") or tree.groups():
            identity = node.first("@id")
            if identity and len(node.names()) > 1:
                self.nodes.setdefault(identity.text, node)

    def values(self, node: Tree, *names: str) -> list[Tree]:
        """The mappings under ``names``; one that is only an ``@id`` is the node of that id, if the document has it."""
        found = []
        for key in node.names():
            if local(key) in names and (child := node.child(key)):
                found += [self.resolved(each) for each in child.groups()]
        return found

    def texts(self, node: Tree, *names: str) -> list[Stated]:
        """The texts under ``names``, of a language-tagged value its text."""
        found = []
        for key in node.names():
            if local(key) in names and (child := node.child(key)):
                found += [*child.every(), *child.every("@value")]
        return found

    def text(self, node: Tree, *names: str) -> Stated | None:
        """The first text under ``names``."""
        return next(iter(self.texts(node, *names)), None)

    def resolved(self, node: Tree) -> Tree:
        """The node a reference stands for."""
        identity = node.first("@id")
        if identity and node.names() == ["@id"]:
            return self.nodes.get(identity.text, node)
        return node

    def named(self, kind: str) -> list[Tree]:
        """The outermost nodes of a schema.org type."""
        outer = self.tree.groups("@graph") or self.tree.groups()
        return [node for node in outer if kind in [local(each.text) for each in node.every("@type")]]


def local(name: str) -> str:
    """The name of a term without the prefix of schema.org or PROV."""
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def schema_org_record(tree: Tree) -> tuple[Record, Linked, Tree]:
    """The record a document describes, its nodes, and the node of the record itself."""
    linked = Linked(tree)
    outer = tree.groups("@graph") or tree.groups()
    node = next(iter(linked.named("Dataset")), outer[0] if outer else tree)
    record = Record(tree)
    record.kinds = [Stated(each.path, local(each.text), each.line) for each in node.every("@type")]
    record.titles = [("", each) for each in linked.texts(node, "name", "headline", "title")]
    record.descriptions = [("", each) for each in linked.texts(node, "description")]
    record.keywords = linked.texts(node, "keywords", "measurementTechnique", "variableMeasured")
    record.keywords += [
        each
        for group in linked.values(node, "keywords", "measurementTechnique", "about")
        for each in linked.texts(group, "name")
    ]
    record.identifiers = linked.texts(node, "identifier", "@id")
    record.identifiers += [
        each for group in linked.values(node, "identifier") for each in linked.texts(group, "value", "@id")
    ]
    record.licences = linked.texts(node, "license")
    record.licences += [
        each for group in linked.values(node, "license") for each in linked.texts(group, "@id", "url", "name")
    ]
    for group in linked.values(node, "author", "creator"):
        if creator := _creator(linked, group):
            record.creators.append(creator)
    record.creators += [Creator(each) for each in linked.texts(node, "author", "creator")]
    record.funding = _funding(linked, node)
    for group in linked.values(node, "isPartOf"):
        record.relations += [("ispartof", each) for each in linked.texts(group, "@id", "identifier")]
    return record, linked, node


def _funding(linked: Linked, node: Tree) -> list[Grant]:
    """The grants with their funders, and the funders of no grant."""
    found = [
        Grant(
            name,
            _identifier_of_funder(linked, funder),
            linked.text(group, "identifier"),
            linked.text(group, "name"),
            linked.text(group, "url", "sameAs"),
        )
        for group in linked.values(node, "funding")
        for funder in linked.values(group, "funder", "sponsor")
        if (name := linked.text(funder, "name"))
    ]
    known = {grant.funder.text for grant in found}
    alone = [
        Grant(name, _identifier_of_funder(linked, funder))
        for funder in linked.values(node, "funder")
        if (name := linked.text(funder, "name")) and name.text not in known
    ]
    return [*found, *alone]


def _identifier_of_funder(linked: Linked, funder: Tree) -> Stated | None:
    stated = linked.texts(funder, "@id", "identifier", "sameAs")
    return next((each for each in stated if re.search(r"ror\.org/|10\.13039/", each.text)), None)


def _creator(linked: Linked, group: Tree) -> Creator | None:
    name = linked.text(group, "name")
    if name is None:
        return None
    identifiers = linked.texts(group, "identifier", "@id")
    houses = linked.values(group, "affiliation")
    return Creator(
        name,
        orcid=next((each for each in identifiers if "orcid.org" in each.text), None),
        affiliation=linked.text(houses[0], "name") if houses else linked.text(group, "affiliation"),
        ror=next(
            (
                each
                for house in houses
                for each in linked.texts(house, "identifier", "@id")
                if "ror.org" in each.text
            ),
            None,
        ),
    )

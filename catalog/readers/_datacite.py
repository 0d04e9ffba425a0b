"""DataCite metadata in its JSON forms (kernel 4, the REST interface, Crosscite) and in XML, as one record."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from catalog.errors import UnreadableInput
from catalog.readers._foreign import Stated, Tree
from catalog.readers._nodes import MAX_DEPTH, MAX_FOREIGN_VALUES, ScalarNode
from catalog.readers._repository import Creator, Grant, Record
from catalog.wording import Sentence

_Element: TypeAlias = Any  # lxml brings no types of its own
_DOCTYPE = re.compile(rb"<\0{0,3}!\0{0,3}D\0{0,3}O\0{0,3}C\0{0,3}T")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def from_json(tree: Tree) -> Record:
    """The record of a JSON document; the REST interface's envelope ``data.attributes`` is taken off."""
    root = next(iter(tree.groups("data.attributes")), tree)
    record = Record(tree)
    record.kinds = root.every("types.resourceTypeGeneral") or [
        *root.every("types.resource-type-general"),
        *root.every("resourceType.resourceTypeGeneral"),
    ]
    record.titles = [
        (_language(each, "lang"), text) for each in root.groups("titles") if (text := each.first("title"))
    ]
    record.titles += [("", each) for each in root.every("title")]
    record.descriptions = [
        (_language(each, "lang"), text)
        for each in root.groups("descriptions")
        if (text := each.first("description")) and _is_abstract(each.first("descriptionType"))
    ]
    record.keywords = [*root.every("subjects.subject"), *root.every("subjects")]
    doi = root.first("doi", "identifier.identifier")
    record.identifiers = [*([doi] if doi else []), *root.every("identifiers.identifier")]
    for key in ("rightsList", "rights_list"):
        for each in root.groups(key):
            if stated := each.first("rightsIdentifier", "rightsUri", "rightsURI", "rights"):
                record.licences.append(stated)
    for each in root.groups("creators"):
        if name := each.first("name", "creatorName"):
            record.creators.append(_creator(each, name))
    for each in root.groups("fundingReferences"):
        if name := each.first("funderName"):
            record.funding.append(_grant(each, name))
    for each in root.groups("relatedIdentifiers"):
        relation, related = each.first("relationType"), each.first("relatedIdentifier")
        if relation and related:
            record.relations.append((relation.text.casefold(), related))
    return record


def _creator(group: Tree, name: Stated) -> Creator:
    orcid = next(
        (
            each
            for each in group.every("nameIdentifiers.nameIdentifier")
            if re.search(r"(?:\d{4}-){3}", each.text)
        ),
        None,
    )
    affiliation = group.first("affiliation.name", "affiliation", "affiliations")
    ror = next(
        (each for each in group.every("affiliation.affiliationIdentifier") if "ror.org" in each.text), None
    )
    return Creator(name, orcid, affiliation, ror)


def _grant(group: Tree, name: Stated) -> Grant:
    # Kernel 4.0 and 4.1 wrote identifier and number as groups.
    return Grant(
        name,
        group.first("funderIdentifier", "funderIdentifier.funderIdentifier"),
        group.first("awardNumber", "awardNumber.awardNumber"),
        group.first("awardTitle"),
        group.first("awardUri", "awardURI", "awardNumber.awardURI", "awardNumber.awardUri"),
    )


def _language(group: Tree, key: str) -> str:
    stated = group.first(key)
    return stated.text if stated else ""


def _is_abstract(kind: Stated | None) -> bool:
    return kind is None or kind.text in {"Abstract", "Methods", "TechnicalInfo"}


def from_xml(content: bytes, name: str) -> Record:
    """The record of an XML document.

    Raises UnreadableInput, with the line, for what is not well-formed, for a document type declaration (entities are
    declared there), and for what is nested or repeated beyond the limits that JSON and YAML have.
    """
    root = parse_xml(content, name)
    if not str(root.tag).startswith("{http://datacite.org/schema/kernel-"):
        raise UnreadableInput(
            Sentence("the XML is no DataCite metadata: its root is {tag}", tag=str(root.tag)[:80]), where=name
        )
    record = Record(Tree(ScalarNode(root.sourceline or 1, None)))

    def at(path: str, below: _Element = root) -> list[_Element]:
        return list(below.iterfind("/".join(f"{{*}}{part}" for part in path.split("/"))))

    def stated(element: _Element, text: str | None = None) -> Stated:
        path = str(element.tag).rpartition("}")[2]
        said = "".join(element.itertext()) if text is None else text
        return Stated(path, said.strip(), element.sourceline or 1)

    record.kinds = [stated(each, each.get("resourceTypeGeneral", "")) for each in at("resourceType")]
    record.titles = [
        (each.get(_LANGUAGE, ""), stated(each))
        for each in at("titles/title")
        if each.get("titleType") != "Subtitle"
    ]
    record.descriptions = [
        (each.get(_LANGUAGE, ""), stated(each))
        for each in at("descriptions/description")
        if each.get("descriptionType") in {"Abstract", "Methods", "TechnicalInfo", None}
    ]
    record.keywords = [stated(each) for each in at("subjects/subject")]
    record.identifiers = [stated(each) for each in at("identifier")]
    for each in at("rightsList/rights"):
        record.licences.append(stated(each, each.get("rightsIdentifier") or each.get("rightsURI") or None))
    for each in at("creators/creator"):
        names, houses = at("creatorName", each), at("affiliation", each)
        if names:
            orcid = next(
                (one for one in at("nameIdentifier", each) if "orcid" in str(one.attrib).casefold()), None
            )
            ror = houses[0].get("affiliationIdentifier", "") if houses else ""
            record.creators.append(
                Creator(
                    stated(names[0]),
                    stated(orcid) if orcid is not None else None,
                    stated(houses[0]) if houses else None,
                    stated(houses[0], ror) if "ror.org" in ror else None,
                )
            )
    for each in at("fundingReferences/fundingReference"):
        parts = {str(part.tag).rpartition("}")[2]: part for part in each}
        if "funderName" in parts:
            number = parts.get("awardNumber")
            address = "" if number is None else number.get("awardURI", "")
            found = {key: stated(part) for key, part in parts.items() if "".join(part.itertext()).strip()}
            record.funding.append(
                Grant(
                    stated(parts["funderName"]),
                    found.get("funderIdentifier"),
                    found.get("awardNumber"),
                    found.get("awardTitle"),
                    stated(number, address) if address else None,
                )
            )
    for each in at("relatedIdentifiers/relatedIdentifier"):
        record.relations.append((each.get("relationType", "").casefold(), stated(each)))
    record.rest = [
        stated(each) for each in (*at("contributors/contributor/contributorName"), *at("dates/date"))
    ]
    return record


def parse_xml(content: bytes, name: str) -> _Element:
    """The root of an XML document read without entities, document types and network; raises UnreadableInput."""
    from lxml import etree

    if found := _DOCTYPE.search(content):
        raise UnreadableInput(
            Sentence("the XML declares a document type, which may hold entities; remove the declaration"),
            where=f"{name}:{content.count(10, 0, found.start()) + 1}",
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root: _Element = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise UnreadableInput(
            Sentence("not well-formed XML: {msg}", msg=error.msg), where=f"{name}:{line}"
        ) from error
    if root.getroottree().docinfo.doctype:
        raise UnreadableInput(
            Sentence("the XML declares a document type; remove the declaration"), where=name
        )
    _bound(root, name)
    return root


def _bound(root: _Element, name: str) -> None:
    from lxml import etree

    depth = 0
    for count, (event, element) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        where = f"{name}:{element.sourceline or 1}"
        if depth > MAX_DEPTH:
            raise UnreadableInput(
                Sentence("the XML is nested deeper than {most} levels", most=MAX_DEPTH), where=where
            )
        if count > 2 * MAX_FOREIGN_VALUES:
            raise UnreadableInput(
                Sentence("the XML has more than {most:,} elements", most=MAX_FOREIGN_VALUES), where=where
            )

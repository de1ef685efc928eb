"""Our two kinds of import-linter contract: the grammar of a domain and the walls between.

Both find the domains themselves, so that a new domain is checked from its first file.
"""

from typing import Any, ClassVar

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.contracts.layers import LayersContract
from importlinter.domain.helpers import module_expressions_to_modules
from importlinter.domain.imports import ModuleExpression


def _names(graph: ImportGraph, expressions: Any) -> set[str]:
    return {module.name for module in module_expressions_to_modules(graph, expressions)}


class GrammarContract(LayersContract):
    """`layers`, with `containers` that may be a pattern less some `not_domains`.

    A container that has no children is a stray file beside the domains and is refused.
    """

    type_name = "domain_grammar"
    not_domains = fields.SetField(subfield=fields.ModuleExpressionField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 -- the framework's signature
        """Check the layers of every domain."""
        found = _names(graph, self.containers) - _names(graph, self.not_domains)
        domains = {name for name in found if graph.find_children(name)}
        self.containers: Any = [ModuleExpression(name) for name in sorted(domains)]
        result = super().check(graph, verbose)
        result.metadata["undeclared_modules"] |= found - domains
        result.kept = result.kept and found == domains
        return result


class WallsContract(Contract):
    """No domain imports another's files, except its `doors`.

    The first root package's children are the domains, less `not_domains`. Only direct
    imports count: what stands behind a door is the other domain's own affair.
    """

    type_name = "domain_walls"
    doors = fields.SetField(subfield=fields.StringField())
    not_domains = fields.SetField(subfield=fields.ModuleExpressionField())
    root: ClassVar[str] = "chalicelib"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 -- as above
        """Collect every import through a wall."""
        domains = graph.find_children(self.root) - _names(graph, self.not_domains)
        doors: Any = self.doors
        breaches = [
            (importer, imported)
            for importer in sorted(graph.find_descendants(self.root))
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if _crosses(importer, imported, domains)
            and imported.split(".")[2:3] not in [[door] for door in doors]
        ]
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line per breach."""
        for importer, imported in check.metadata["breaches"]:
            output.print_error(f"{importer} imports {imported}, which is behind a wall", bold=False)
        output.new_line()


def _domain(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _crosses(importer: str, imported: str, domains: set[str]) -> bool:
    return _domain(imported) in domains and _domain(imported) != _domain(importer)

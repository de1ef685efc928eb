"""HTTP of imports: a whole estate from its sheets, checked first, then written or refused whole."""

import base64
import binascii

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.errors import BadRequest
from chalicelib.identity.rules.sheets import RESIDENTS, ROOMS
from chalicelib.identity.schemas.organisation import ImportAsked, ImportReply
from chalicelib.identity.service import importing

router = web.Router(__name__)

IMPORTS = Budget(10, 60)
"""Of one person: reading a sheet takes seconds, and a check tells whether a number is known."""


@router.post(
    "/property/imports/check",
    permission="identity.import_estate",
    reply=ImportReply,
    refuses=(404, 422),
    budget=IMPORTS,
)
def check_import(caller: Caller, body: ImportAsked) -> importing.ImportView:
    """Judge the sheets of an estate (dry run): every bad cell, and nothing written."""
    return importing.dry_run(caller, _files(body))


@router.post(
    "/property/imports",
    permission="identity.import_estate",
    reply=ImportReply,
    once=True,
    refuses=(404, 422),
    budget=IMPORTS,
)
def start_import(caller: Caller, body: ImportAsked) -> importing.ImportView:
    """Import an estate; with any bad line nothing is written (422 `bad_lines`)."""
    return importing.accept(caller, _files(body))


@router.get("/property/imports/{import_id}", permission="identity.import_estate", reply=ImportReply)
def show_import(caller: Caller, import_id: str) -> importing.ImportView:
    """Show how far an import is."""
    return importing.progress(caller.community_id, import_id)


def _files(body: ImportAsked) -> dict[str, bytes]:
    given = {ROOMS: body.rooms, RESIDENTS: body.residents}
    try:
        files = {
            name: base64.b64decode(text, validate=True) for name, text in given.items() if text
        }
    except (binascii.Error, ValueError) as failure:
        raise BadRequest("bad_base64", "文件内容不是有效的 Base64") from failure
    if not files:
        raise BadRequest("no_file", "请至少上传一个表格")
    return files

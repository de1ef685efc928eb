// Compile a folder of Python to 3.13 bytecode with the CPython 3.13 of pyodide: a .pyc is the
// same on every machine. usage: node compile.mjs FOLDER MAGIC (hex of the wanted magic number)
import { createRequire } from "node:module";
const [modules, folder, magic] = process.argv.slice(2);
const { loadPyodide } = createRequire(`${modules}/`)("pyodide");
const python = await loadPyodide();
python.mountNodeFS("/package", folder);
const done = python.runPython(`
import compileall, importlib.util, py_compile
assert importlib.util.MAGIC_NUMBER.hex() == "${magic}", importlib.util.MAGIC_NUMBER.hex()
compileall.compile_dir("/package", quiet=2, stripdir="/package", prependdir="/var/task",
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
`);
process.exit(done ? 0 : 1);

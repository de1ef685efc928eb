// Compile Python to 3.13 bytecode with the CPython 3.13 of pyodide: a .pyc is the same on every
// machine. usage: node compile.mjs NODE_MODULES FOLDER MAGIC NAME…   (MAGIC: the wanted magic number)
import { createRequire } from "node:module";
const [modules, folder, magic, ...names] = process.argv.slice(2);
const { loadPyodide } = createRequire(`${modules}/`)("pyodide");
const python = await loadPyodide();
python.mountNodeFS("/package", folder);
python.globals.set("names", python.toPy(names));
python.globals.set("magic", magic);
const done = python.runPython(`
import compileall, importlib.util, os, py_compile
assert importlib.util.MAGIC_NUMBER.hex() == magic, importlib.util.MAGIC_NUMBER.hex()
how = dict(quiet=2, stripdir="/package", prependdir="/var/task",
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
paths = [f"/package/{name}" for name in names]
all(compileall.compile_dir(path, **how) if os.path.isdir(path) else
    compileall.compile_file(path, **how) for path in paths)
`);
process.exit(done ? 0 : 1);

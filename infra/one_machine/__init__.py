"""The parts of the one-machine home, each a child process or a thread of one."""

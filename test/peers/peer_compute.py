"""nova-compute that finds peer_driver: Nova looks for drivers in its own package only."""

import os
import sys

import nova.cmd.compute  # first of all: it patches the threads
import nova.virt

nova.virt.__path__.append(os.path.dirname(os.path.abspath(__file__)))
sys.exit(nova.cmd.compute.main())

"""Custom constraint `valet.group_name` for Heat."""

import re

from heat.engine import constraints

#: The characters that a URL takes as they are (RFC 3986, unreserved).
NAME = re.compile(r"[A-Za-z0-9\-._~]+")


class GroupName(constraints.BaseCustomConstraint):
    def validate(self, value, context, template=None):
        if isinstance(value, str) and NAME.fullmatch(value) and value not in (".", ".."):
            return True
        self._error_message = "a name of letters, digits and - . _ ~ is needed"
        return False

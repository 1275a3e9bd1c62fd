"""The old place of `kernelc.kir.values`' names, until every import says the new one."""

from kernelc.kir.values import Number as Number
from kernelc.kir.values import Operators as Operators

"""The old place of `kernelc.kir.values.current`, until every import says the new one."""

from kernelc.kir.values import current as current

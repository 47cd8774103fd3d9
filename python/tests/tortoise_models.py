"""A model, for Tortoise ORM does not start without one."""

from tortoise import fields
from tortoise.models import Model


class Thing(Model):
    """Anything."""

    id = fields.IntField(primary_key=True)

"""Every deliberate error as a tree, each with its HTTP status and FHIR issue type.

    SecondOpinionError
        BadRequest 400          MalformedBody, InvalidElement, InvalidSearch
        Unauthorized 401        Forbidden 403
        NotFound 404            Gone 410
        MethodNotAllowed 405    NotAcceptable 406
        Duplicate 409           CaseClosed 409         PreconditionFailed 412
        BodyTooLarge 413        UnsupportedMediaType 415
        Unprocessable 422       RequiredMissing, CodeInvalid, Unresolved (MemberUnknown), BusinessRule, UnknownModifier
        Throttled 429           Unavailable 503 (OutOfTime)

Messages say what is wrong and what would be right; they never repeat a received value.
"""

from collections.abc import Mapping, Sequence


class SecondOpinionError(Exception):
    """A deliberate error; never raised itself, always through a subclass."""

    status: int = 500
    issue: str = "exception"

    def __init__(
        self, message: str, *expression: str, headers: Mapping[str, str] | None = None, diagnostics: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expression: Sequence[str] = expression
        self.headers: Mapping[str, str] = headers or {}
        self.diagnostics = diagnostics


class BadRequest(SecondOpinionError):
    """The request cannot be read."""

    status = 400
    issue = "invalid"


class MalformedBody(BadRequest):
    """The body is not the JSON document it should be."""

    issue = "structure"


class InvalidElement(BadRequest):
    """An element has the wrong type, shape or name."""

    issue = "structure"


class InvalidSearch(BadRequest):
    """A search parameter, modifier or value is wrong."""

    issue = "invalid"


class Unauthorized(SecondOpinionError):
    """No valid token came with the request."""

    status = 401
    issue = "login"


class Forbidden(SecondOpinionError):
    """The caller's rights can never allow this."""

    status = 403
    issue = "forbidden"


class NotFound(SecondOpinionError):
    """Nothing of that name is visible to the caller."""

    status = 404
    issue = "not-found"


class Gone(SecondOpinionError):
    """The resource was deleted."""

    status = 410
    issue = "deleted"


class MethodNotAllowed(SecondOpinionError):
    """The interaction is not offered on this type."""

    status = 405
    issue = "not-supported"


class NotAcceptable(SecondOpinionError):
    """No representation the caller accepts is offered."""

    status = 406
    issue = "not-supported"


class Duplicate(SecondOpinionError):
    """The business identifier already stands for something else."""

    status = 409
    issue = "duplicate"


class CaseClosed(SecondOpinionError):
    """The case is in a state that does not allow this."""

    status = 409
    issue = "conflict"


class PreconditionFailed(SecondOpinionError):
    """If-Match is stale, or a condition matches more than one resource."""

    status = 412
    issue = "conflict"


class BodyTooLarge(SecondOpinionError):
    """The body is larger than the limit."""

    status = 413
    issue = "too-long"


class UnsupportedMediaType(SecondOpinionError):
    """The body's media type is not offered."""

    status = 415
    issue = "not-supported"


class Unprocessable(SecondOpinionError):
    """The body can be read, and breaks a profile or a business rule."""

    status = 422
    issue = "invariant"


class RequiredMissing(Unprocessable):
    """An element the service needs is absent."""

    issue = "required"


class CodeInvalid(Unprocessable):
    """A code is not one of those that may stand here."""

    issue = "code-invalid"


class Unresolved(Unprocessable):
    """A reference, member or provider cannot be resolved."""

    issue = "not-found"


class MemberUnknown(Unresolved):
    """No one member of the plan is meant."""


class BusinessRule(Unprocessable):
    """A rule of the product forbids it."""

    issue = "business-rule"


class UnknownModifier(Unprocessable):
    """A modifier element that is not understood changes the meaning of the request."""

    issue = "extension"


class Throttled(SecondOpinionError):
    """The caller asks too often."""

    status = 429
    issue = "throttled"


class Unavailable(SecondOpinionError):
    """Nothing can be stored or answered now; the caller should try again."""

    status = 503
    issue = "transient"


class OutOfTime(Unavailable):
    """The answer is due before the work can be finished."""

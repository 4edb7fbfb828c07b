package dev.hone.tokenizer.chat.jinja;

/**
 * The value of a name, attribute or element that does not exist. It prints as nothing, is false, is empty; any other
 * use is the error that {@link #failure()} words. Templates probe for absent keys all the time, so the words are
 * only made when needed.
 */
final class Undefined {
  private final Object owner;
  private final Object name;
  private final String hint;
  private final boolean withheld;

  private Undefined(Object owner, Object name, String hint, boolean withheld) {
    this.owner = owner;
    this.name = name;
    this.hint = hint;
    this.withheld = withheld;
  }

  static Undefined name(String name) {
    return new Undefined(null, name, null, false);
  }

  /** An attribute or element {@code name} that {@code owner} lacks. */
  static Undefined of(Object owner, Object name) {
    return new Undefined(owner, name, null, false);
  }

  static Undefined because(String hint) {
    return new Undefined(null, null, hint, false);
  }

  /** An attribute that exists but that the sandbox withholds. */
  static Undefined withheld(Object owner, String name) {
    return new Undefined(owner, name, null, true);
  }

  JinjaException failure() {
    if (withheld) {
      return JinjaException.security("access to attribute " + PythonText.brief(name) + " of '" + Values.typeName(owner)
          + "' object is unsafe.");
    }
    if (hint != null) {
      return JinjaException.undefined(hint);
    }
    if (owner == null) {
      return JinjaException.undefined(PythonText.brief(name) + " is undefined");
    }
    String object = owner == None.NONE ? "None" : Values.qualifiedTypeName(owner) + " object";
    return JinjaException.undefined(name instanceof String
        ? "'" + object + "' has no attribute " + PythonText.brief(name)
        : object + " has no element " + PythonText.brief(name));
  }
}

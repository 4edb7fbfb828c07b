package dev.hone.tokenizer.chat.jinja;

/**
 * One token of a template.
 *
 * @param type what it is
 * @param text the text of data, a name, a str or an operator
 * @param number the value of a number, else null
 * @param line where it starts, counted from 1
 */
record Token(Type type, String text, Object number, int line) {
  enum Type {
    DATA("template text"),
    PRINT_BEGIN("{{"),
    PRINT_END("}}"),
    BLOCK_BEGIN("{%"),
    BLOCK_END("%}"),
    NAME("a name"),
    STRING("a string"),
    NUMBER("a number"),
    OPERATOR("an operator"),
    END("end of template");

    final String words;

    Type(String words) {
      this.words = words;
    }
  }

  boolean is(Type wanted) {
    return type == wanted;
  }

  boolean isOperator(String operator) {
    return type == Type.OPERATOR && text.equals(operator);
  }

  boolean isName(String name) {
    return type == Type.NAME && text.equals(name);
  }

  /** {@return how an error message names it} */
  String describe() {
    return switch (type) {
      case NAME, OPERATOR -> "'" + text + "'";
      case STRING -> "the string " + PythonText.quoteShort(text);
      case NUMBER -> "the number " + number;
      case PRINT_BEGIN, PRINT_END, BLOCK_BEGIN, BLOCK_END -> "'" + type.words + "'";
      default -> type.words;
    };
  }
}

package dev.hone.core.io;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * JSON of a fixed form, token by token: whatever comes where something else must stand is an error at once, so that neither
 * nesting nor length of a hostile document costs anything.
 */
final class StrictJson implements AutoCloseable {
  /** Names are not kept in Jackson's shared tables, which hostile files could flood. */
  private static final JsonFactory FACTORY = JsonFactory.builder()
      .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
      .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
      .build();

  private final Path file;
  private final String what;
  private final JsonParser parser;

  /**
   * A reader of one document.
   *
   * @param what the document as messages call it, such as "header"
   */
  StrictJson(Path file, String what, byte[] utf8) throws TensorFileException {
    this.file = file;
    this.what = what;
    CharBuffer chars;
    try {
      chars = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(utf8));
    } catch (CharacterCodingException e) {
      throw new TensorFileException(file + ": the " + what + " is not valid UTF-8", e);
    }
    this.parser = FACTORY.createParser(ObjectReadContext.empty(), chars.array(), chars.arrayOffset(), chars.length());
  }

  /** The next token, null at the end. */
  JsonToken next() throws TensorFileException {
    try {
      return parser.nextToken();
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  /** Takes the next token, which must be of this kind. */
  void expect(JsonToken token, String place) throws TensorFileException {
    require(next() == token, place);
  }

  /** The next name of an object, or null where the object ends. */
  String nextName(String place) throws TensorFileException {
    JsonToken token = next();
    if (token == JsonToken.END_OBJECT) {
      return null;
    }
    require(token == JsonToken.PROPERTY_NAME, place);
    return text();
  }

  /** The next value, which must be a string. */
  String nextString(String place) throws TensorFileException {
    expect(JsonToken.VALUE_STRING, place);
    return text();
  }

  /** The number at the current token as a long; whole numbers that do not fit and fractions are errors. */
  long wholeNumber(String place) throws TensorFileException {
    String digits = text();
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      try {
        return Long.parseLong(digits);
      } catch (NumberFormatException e) {
        throw new TensorFileException(file + ": " + place + ": the number " + TensorFileException.quote(digits)
            + " is beyond 64 bits", e);
      }
    }
    throw wrong(place + " must be a whole number");
  }

  /** Skips the next value, whatever it is. */
  void skipValue() throws TensorFileException {
    try {
      parser.nextToken();
      parser.skipChildren();
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  /** Nothing but white space may follow. */
  void expectEnd() throws TensorFileException {
    require(next() == null, "nothing may follow it");
  }

  void require(boolean holds, String rule) throws TensorFileException {
    if (!holds) {
      throw wrong(rule);
    }
  }

  private String text() throws TensorFileException {
    try {
      return parser.getString();
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  private TensorFileException wrong(String rule) {
    return new TensorFileException(file + ": the " + what + " has another form than the format demands: " + rule);
  }

  private TensorFileException malformed(JacksonException e) {
    String message = e.getOriginalMessage().lines().findFirst().orElse("syntax error");
    return new TensorFileException(file + ": the " + what + " is not valid JSON at character "
        + parser.currentLocation().getCharOffset() + ": " + message, e);
  }

  @Override
  public void close() {
    parser.close();
  }
}

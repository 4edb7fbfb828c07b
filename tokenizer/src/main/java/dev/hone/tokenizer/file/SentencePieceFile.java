package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a SentencePiece {@code .model} says: a protocol buffer with pieces (field 1), the trainer's settings (2) and the
 * normaliser's (3). Only the fields that matter for tokenizing are kept, all lengths are checked against the file.
 */
final class SentencePieceFile {
  /** Kinds of pieces, by the number in the file. */
  enum Kind { NONE, NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE }

  /** A piece; its place is its id. */
  record Piece(String text, float score, Kind kind) {}

  static final int UNIGRAM = 1;
  static final int BPE = 2;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final String where;
  final List<Piece> pieces = new ArrayList<>();
  int modelType = UNIGRAM;
  boolean byteFallback;
  byte[] charsmap = new byte[0];
  boolean addDummyPrefix = true;
  boolean removeExtraWhitespaces = true;
  boolean escapeWhitespaces = true;

  private SentencePieceFile(String where) {
    this.where = where;
  }

  static SentencePieceFile read(byte[] file, String name) {
    SentencePieceFile model = new SentencePieceFile(name);
    model.fields(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN), (number, value) -> {
      switch (number) {
        case 1 -> model.piece(value.message());
        case 2 -> model.trainer(value.message());
        case 3 -> model.normalizer(value.message());
        default -> { }
      }
    });
    if (model.pieces.isEmpty()) {
      throw model.damaged("it holds no pieces");
    }
    return model;
  }

  private TokenizerException damaged(String what) {
    return new TokenizerException(where + ": not a readable SentencePiece model: " + what);
  }

  private void piece(ByteBuffer message) {
    String[] text = {null};
    float[] score = {0};
    long[] kind = {1};
    fields(message, (number, value) -> {
      switch (number) {
        case 1 -> text[0] = value.text();
        case 2 -> score[0] = Float.intBitsToFloat((int) value.number());
        case 3 -> kind[0] = value.number();
        default -> { }
      }
    });
    int id = pieces.size();
    if (text[0] == null || text[0].isEmpty()) {
      throw damaged("piece " + id + " has no text");
    }
    if (!Float.isFinite(score[0])) {
      throw damaged("the score of piece " + id + " is " + score[0]);
    }
    if (kind[0] < 1 || kind[0] >= Kind.values().length) {
      throw damaged("piece " + id + " is of the unknown kind " + kind[0]);
    }
    pieces.add(new Piece(text[0], score[0], Kind.values()[(int) kind[0]]));
  }

  private void trainer(ByteBuffer message) {
    fields(message, (number, value) -> {
      if (number == 3) {
        modelType = (int) value.number();
      }
      if (number == 35) {
        byteFallback = value.number() != 0;
      }
    });
  }

  private void normalizer(ByteBuffer message) {
    fields(message, (number, value) -> {
      switch (number) {
        case 2 -> charsmap = value.bytes();
        case 3 -> addDummyPrefix = value.number() != 0;
        case 4 -> removeExtraWhitespaces = value.number() != 0;
        case 5 -> escapeWhitespaces = value.number() != 0;
        default -> { }
      }
    });
  }

  private interface Visitor {
    void field(int number, Value value);
  }

  /** A field's value: a number, or the bytes of a text or message. */
  private final class Value {
    private final long number;
    private final ByteBuffer content;

    Value(long number, ByteBuffer content) {
      this.number = number;
      this.content = content;
    }

    long number() {
      if (content != null) {
        throw damaged("a number was expected, found " + content.remaining() + " bytes");
      }
      return number;
    }

    ByteBuffer message() {
      if (content == null) {
        throw damaged("a message was expected, found the number " + number);
      }
      return content.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    byte[] bytes() {
      byte[] bytes = new byte[message().remaining()];
      message().get(bytes);
      return bytes;
    }

    String text() {
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(message()).toString();
      } catch (CharacterCodingException e) {
        throw damaged("a text is not UTF-8");
      }
    }
  }

  private void fields(ByteBuffer in, Visitor visitor) {
    while (in.hasRemaining()) {
      int at = in.position();
      long key = varint(in);
      int number = (int) (key >>> 3);
      Value value = switch ((int) key & 7) {
        case VARINT -> new Value(varint(in), null);
        case FIXED64 -> new Value(0, take(in, 8, at));
        case BYTES -> new Value(0, take(in, varint(in), at));
        case FIXED32 -> new Value(take(in, 4, at).order(ByteOrder.LITTLE_ENDIAN).getInt(), null);
        default -> throw damaged("wire type " + (key & 7) + " at byte " + at);
      };
      visitor.field(number, value);
    }
  }

  private ByteBuffer take(ByteBuffer in, long length, int at) {
    if (length < 0 || length > in.remaining()) {
      throw damaged("the field at byte " + at + " claims " + Long.toUnsignedString(length) + " bytes, " + in.remaining()
          + " are left");
    }
    ByteBuffer part = in.slice(in.position(), (int) length);
    in.position(in.position() + (int) length);
    return part;
  }

  private long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (!in.hasRemaining()) {
        throw damaged("it ends inside a number");
      }
      byte b = in.get();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw damaged("a number of more than 64 bits before byte " + in.position());
  }
}

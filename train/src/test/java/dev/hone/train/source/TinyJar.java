package dev.hone.train.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** The jar of a small model; its entries can be changed before it is written. */
final class TinyJar {
  final Map<String, byte[]> entries = new LinkedHashMap<>();

  TinyJar() {
    try (InputStream onnx = TinyJar.class.getResourceAsStream("tiny-bert.onnx")) {
      entries.put("META-INF/other.onnx", new byte[1]);
      entries.put("tiny.onnx", onnx.readAllBytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    text("tiny-tokenizer.json", """
        {"version": "1.0",
         "truncation": {"direction": "Right", "max_length": 128, "strategy": "LongestFirst", "stride": 0},
         "padding": {"strategy": {"Fixed": 128}, "direction": "Right", "pad_id": 0},
         "normalizer": {"type": "BertNormalizer", "lowercase": true},
         "model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "\\u00e9": 5}}}""");
  }

  TinyJar text(String name, String content) {
    entries.put(name, content.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  Path write(Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar); ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    }
    return jar;
  }
}

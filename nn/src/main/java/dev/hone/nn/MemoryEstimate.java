package dev.hone.nn;

import dev.hone.autograd.Parameter;
import dev.hone.core.Device;
import dev.hone.core.HoneException;
import dev.hone.core.kernel.Kernels;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What a run is going to need, by part, so that one that cannot fit ends before it begins.
 *
 * @param parts in the order in which they are told
 * @param device whose memory what is on the heap of a CPU needs
 */
public record MemoryEstimate(List<Part> parts, Device device) {
  /** How much more than the memory an estimate may be before it is believed: it is right to about a quarter. */
  private static final double MARGIN = 1.1;

  /**
   * One part.
   *
   * @param name such as {@code gradients}
   * @param bytes of it
   * @param onHeap whether it needs room on the heap, or in the memory of another device; mapped weights do not
   * @param remedy the settings that make it smaller, or empty
   */
  public record Part(String name, long bytes, boolean onHeap, String remedy) {}

  public MemoryEstimate {
    parts = List.copyOf(parts);
  }

  /** What a run on the CPU needs. */
  public MemoryEstimate(List<Part> parts) {
    this(parts, Device.CPU);
  }

  /** The weights of a model: those mapped from files, and those on the heap, or in the memory of another device. */
  public static List<Part> weights(Collection<Parameter> parameters) {
    long mapped = 0;
    long heap = 0;
    boolean far = false;
    for (Parameter parameter : parameters) {
      far |= parameter.value().device() != Device.CPU;
      if (parameter.value().isReadOnly() && parameter.value().device() == Device.CPU) {
        mapped += parameter.value().bytes();
      } else {
        heap += parameter.value().bytes();
      }
    }
    List<Part> parts = new ArrayList<>();
    if (mapped > 0) {
      parts.add(new Part("mapped weights", mapped, false, ""));
    }
    if (heap > 0) {
      parts.add(new Part("weights", heap, true, far ? "--load-in-4bit" : "--method lora keeps the weights in their file"));
    }
    return parts;
  }

  /**
   * What products with weights take of the memory of another device than the CPU while they are computed: as much as the weight
   * that takes most, for they are computed one after the other.
   */
  public static Part scratch(Collection<Parameter> parameters) {
    long most = parameters.stream().map(Parameter::value).filter(weight -> weight.shape().rank() == 2)
        .mapToLong(weight -> Kernels.of(weight.device()).matmul().scratchBytes(weight)).max().orElse(0);
    return new Part("widened weights", most, true, "");
  }

  /** Bytes of the parts on the heap, or in the memory of another device. */
  public long heapBytes() {
    return parts.stream().filter(Part::onHeap).mapToLong(Part::bytes).sum();
  }

  /**
   * Throws if the parts on the heap are clearly more than the heap may become, or than the device has.
   *
   * @param what is about to be done, such as {@code training}
   * @throws DoesNotFit with the amount by part and what helps
   */
  public void check(String what) {
    long most = device.mostBytes();
    if (heapBytes() <= MARGIN * most) {
      return;
    }
    String remedies = parts.stream().filter(part -> part.onHeap() && !part.remedy().isEmpty() && part.bytes() > heapBytes() / 10)
        .sorted(Comparator.comparingLong(Part::bytes).reversed()).map(part -> part.name() + ": " + part.remedy())
        .collect(Collectors.joining("; "));
    boolean heap = device == Device.CPU;
    throw new DoesNotFit(what + " needs about " + amount(heapBytes()) + (heap ? " of heap, which is limited to " + amount(most)
        : " of memory of the device " + device + ", which has " + amount(most)) + " (" + list() + "). What helps: " + remedies
        + (heap ? "; or more heap (-Xmx)" : "; or --device cpu"));
  }

  /** A run that does not fit into the heap, or onto its device. */
  public static final class DoesNotFit extends HoneException {
    private static final long serialVersionUID = 1L;

    DoesNotFit(String message) {
      super(message);
    }
  }

  private String list() {
    return parts.stream().filter(part -> part.bytes() > 0).map(part -> part.name() + " " + amount(part.bytes()))
        .collect(Collectors.joining(", "));
  }

  private static String amount(long bytes) {
    return bytes >= 1e9 ? String.format(Locale.ROOT, "%.2f GB", bytes / 1e9) : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  /** All parts in one line. */
  @Override
  public String toString() {
    return "about " + amount(heapBytes()) + (device == Device.CPU ? " of heap: " : " of memory of the device " + device + ": ")
        + list();
  }
}

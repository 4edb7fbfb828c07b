/** Variables, parameters and the differentiable operators. */
package dev.hone.autograd;

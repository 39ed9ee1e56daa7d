//! Complex floating-point numbers that carry a bound on their own rounding error.
//!
//! The error is a running estimate to first order: it tells `sin²1 + cos²1 - 1`, which is zero to
//! within rounding, from `e^-30`, which is not. Branches are the principal ones.

/// A value and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Approx {
    pub(crate) re: f64,
    pub(crate) im: f64,
    pub(crate) error: f64,
}

const EPSILON: f64 = f64::EPSILON;

impl Approx {
    pub(crate) fn real(re: f64) -> Self {
        Self::rounded(re, 0.0, 0.0)
    }

    /// `i`.
    pub(crate) fn unit() -> Self {
        Self::rounded(0.0, 1.0, 0.0)
    }

    /// A result whose operands bring `error`, with the rounding of the result itself.
    fn rounded(re: f64, im: f64, error: f64) -> Self {
        let error = error + EPSILON * re.hypot(im);
        Self { re, im, error }
    }

    pub(crate) fn size(self) -> f64 {
        self.re.hypot(self.im)
    }

    pub(crate) fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite() && self.error.is_finite()
    }

    /// Whether the imaginary part is no more than rounding.
    pub(crate) fn is_real(self) -> bool {
        self.im.abs() <= 1000.0 * self.error
    }

    pub(crate) fn add(self, other: Self) -> Self {
        Self::rounded(
            self.re + other.re,
            self.im + other.im,
            self.error + other.error,
        )
    }

    pub(crate) fn neg(self) -> Self {
        Self {
            re: -self.re,
            im: -self.im,
            ..self
        }
    }

    pub(crate) fn mul(self, other: Self) -> Self {
        Self::rounded(
            self.re * other.re - self.im * other.im,
            self.re * other.im + self.im * other.re,
            self.size() * other.error + other.size() * self.error,
        )
    }

    pub(crate) fn inverse(self) -> Self {
        let square = self.re * self.re + self.im * self.im;
        Self::rounded(self.re / square, -self.im / square, self.error / square)
    }

    pub(crate) fn exp(self) -> Self {
        let size = self.re.exp();
        Self::rounded(
            size * self.im.cos(),
            size * self.im.sin(),
            size * self.error,
        )
    }

    pub(crate) fn ln(self) -> Self {
        Self::rounded(
            self.size().ln(),
            self.im.atan2(self.re),
            self.error / self.size(),
        )
    }

    pub(crate) fn sqrt(self) -> Self {
        if self.im == 0.0 {
            let root = self.re.abs().sqrt();
            let error = self.error / (2.0 * root).max(self.error.sqrt()).max(f64::MIN_POSITIVE);
            return if self.re < 0.0 {
                Self::rounded(0.0, root, error)
            } else {
                Self::rounded(root, 0.0, error)
            };
        }
        self.power(Self::real(0.5))
    }

    pub(crate) fn power(self, exponent: Self) -> Self {
        if self.size() == 0.0 {
            let value = match exponent.re {
                x if x > 0.0 => 0.0,
                _ => f64::NAN,
            };
            return Self::rounded(value, 0.0, self.error);
        }
        let whole = exponent.im == 0.0 && exponent.re.fract() == 0.0 && exponent.re.abs() < 1e15;
        if self.im == 0.0 && exponent.im == 0.0 && (self.re > 0.0 || whole) {
            let value = self.re.powf(exponent.re);
            let relative = (exponent.re * self.error / self.re).abs()
                + (exponent.error * self.re.abs().ln()).abs();
            return Self::rounded(value, 0.0, value.abs() * relative);
        }
        exponent.mul(self.ln()).exp()
    }

    /// The root of this degree; of a negative number the real one where the degree is odd.
    pub(crate) fn root(self, degree: Self) -> Self {
        if degree.re == 2.0 && degree.im == 0.0 {
            return self.sqrt();
        }
        let odd = degree.im == 0.0 && degree.re.rem_euclid(2.0) == 1.0;
        if self.im == 0.0 && self.re < 0.0 && odd {
            return self.neg().power(degree.inverse()).neg();
        }
        self.power(degree.inverse())
    }

    pub(crate) fn sin(self) -> Self {
        let (re, im) = (self.re, self.im);
        Self::rounded(
            re.sin() * im.cosh(),
            re.cos() * im.sinh(),
            (self.error + EPSILON * re.abs()) * im.cosh(),
        )
    }

    pub(crate) fn cos(self) -> Self {
        let (re, im) = (self.re, self.im);
        Self::rounded(
            re.cos() * im.cosh(),
            -re.sin() * im.sinh(),
            (self.error + EPSILON * re.abs()) * im.cosh(),
        )
    }

    /// A function of real numbers with its derivative; not a number for anything else.
    pub(crate) fn real_function(self, f: fn(f64) -> f64, slope: fn(f64) -> f64) -> Self {
        if !self.is_real() {
            return Self::real(f64::NAN);
        }
        let error = self.error * slope(self.re).abs();
        let error = if error.is_nan() { 0.0 } else { error };
        Self::rounded(f(self.re), 0.0, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_tells_rounding_from_a_small_value() {
        let one = Approx::real(1.0);
        let square = |x: Approx| x.mul(x);
        let zero = square(one.sin()).add(square(one.cos())).add(one.neg());
        assert!(zero.size() <= 100.0 * zero.error);
        let small = Approx::real(-30.0).exp();
        assert!(small.size() > 1e6 * small.error);
    }

    #[test]
    fn roots_and_powers_take_the_principal_branch() {
        let cube = Approx::real(-8.0).root(Approx::real(3.0));
        assert!((cube.re + 2.0).abs() < 1e-12 && cube.im == 0.0);
        let i = Approx::real(-1.0).sqrt();
        assert_eq!((i.re, i.im), (0.0, 1.0));
        let minus_one = Approx::unit().power(Approx::real(2.0));
        assert!((minus_one.re + 1.0).abs() < 1e-12);
        assert!(!Approx::real(0.0).power(Approx::real(-1.0)).is_finite());
    }
}
